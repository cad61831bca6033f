/** The page shown to those who open the studio without its token. */
import { Frame, type Language, speaker } from "./frame.tsx";
import { closedTexts } from "./studio_texts.ts";

export function closedPage(language: Language) {
  const { T } = speaker(closedTexts, language);
  return (
    <Frame
      current="/studio"
      language={language}
      texts={closedTexts}
      script="closed"
      styles={["studio"]}
      locked={false}
      studio
      skipTo="closed"
    >
      <main class="studio" id="closed" tabindex={-1}>
        <h1>
          <T id="closed_title" />
        </h1>
        <p>
          <T id="unauthorised" />
        </p>
      </main>
    </Frame>
  );
}
