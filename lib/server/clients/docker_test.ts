/** The Dockerfile without Docker: its COPY lines into a clean folder, then its CMD there. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const root = new URL("../../../", import.meta.url).pathname;
const lines = (await Deno.readTextFile(`${root}Dockerfile`)).replaceAll("\\\n", " ").split("\n");
const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));

Deno.test("the image is pinned to a version, runs without root and says how to ask for its health", () => {
  const images = lines.filter((line) => line.startsWith("FROM "));
  assert(images.every((line) => /^FROM denoland\/deno:\d+\.\d+\.\d+( AS \w+)?$/.test(line)), images.join());
  assertEquals(last.filter((line) => line.startsWith("USER ")), ["USER deno"]);
  assert(last.some((line) => line.startsWith("HEALTHCHECK ")));
});

Deno.test("what the image copies is enough to serve the checkpoint that ships", async () => {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-image-" });
  try {
    for (const line of last.filter((line) => line.startsWith("COPY ") && !line.includes("--from"))) {
      const [, ...parts] = line.split(/\s+/);
      const to = parts.pop()!;
      for (const from of parts) {
        const target = to.endsWith("/") ? `${folder}/${to}${from}` : `${folder}/${to}`;
        await Deno.mkdir(target.replace(/\/[^/]*$/, ""), { recursive: true });
        const { success } = await new Deno.Command("cp", { args: ["-r", `${root}${from}`, target] }).output();
        assert(success, line);
      }
    }
    // Only what the repository holds is in the image: a checkpoint that was trained here is not.
    const tracked = await new Deno.Command("git", { args: ["ls-files", "models/small"], cwd: root }).output();
    assertStringIncludes(
      new TextDecoder().decode(tracked.stdout),
      "models/small/instruct/best/model.safetensors",
    );

    const command = last.find((line) => line.startsWith("CMD "))!;
    const process = new Deno.Command(Deno.execPath(), {
      args: JSON.parse(command.slice(4)),
      cwd: folder,
      env: { HOST: "0.0.0.0", PORT: "0" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    while (!said.includes("(chat)")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(said + await new Response(process.stderr).text());
      said += value;
    }
    const url = /http:\/\/\S+/.exec(said)![0];
    assertEquals((await (await fetch(`${url}/healthz`)).json()).status, "ok");
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ role: "user", content: "¿Qué son los perros?" }], temperature: 0 }),
    });
    assertStringIncludes((await answer.json()).choices[0].message.content, "caninos");
    process.kill("SIGTERM");
    while (!(await reader.read()).done);
    assertEquals((await process.status).code, 0);
    await process.stderr.cancel();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
