import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UserError } from "./errors.ts";
import { exists } from "./files.ts";
import { lockFolder } from "./lock.ts";
import { inTemporaryFolder } from "./testing.ts";

/** Starts another process that locks the folder, reports it, and ends when its standard input is closed. */
function holder(folder: string): Deno.ChildProcess {
  const program = `
    import { lockFolder } from "${new URL("./lock.ts", import.meta.url)}";
    await using lock = await lockFolder(${JSON.stringify(folder)}, "pretrain");
    console.log("locked");
    await new Response(Deno.stdin.readable).text();`;
  const config = new URL("../deno.json", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", "-q", `--config=${config}`, program],
    ...{ stdin: "piped", stdout: "piped", stderr: "null" },
  }).spawn();
}

async function said(process: Deno.ChildProcess): Promise<string> {
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return new TextDecoder().decode(value).trim();
}

Deno.test("a folder has one lock, which says who holds it, and leaves nothing behind", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "models/tiny/pretrain");
    {
      await using _lock = await lockFolder(path, "pretrain");
      await using _other = await lockFolder(join(folder, "models/tiny/instruct"), "finetune-instruct");
      const refused = await assertRejects(() => lockFolder(`${path}/`, "pipeline"), UserError);
      assertMatch(
        refused.message,
        new RegExp(
          `pretrain/? is being written by process ${Deno.pid} \\(pretrain, since 20..-..-..T..:..:..Z\\); wait`,
        ),
      );
    }
    assertEquals([...Deno.readDirSync(join(folder, "models/tiny"))], []);
    await using _again = await lockFolder(path, "pretrain");
    assertEquals(await exists(path), false);
  }));

Deno.test("another process's lock holds until it ends, and a killed one's is none", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "pretrain");
    for (const end of ["input", "SIGKILL"] as const) {
      const process = holder(path);
      assertEquals(await said(process), "locked");
      await assertRejects(() => lockFolder(path, "x"), UserError, `process ${process.pid} (pretrain`);
      if (end === "input") await process.stdin.close();
      else {
        process.kill(end);
        await process.stdin.close().catch(() => {});
      }
      await process.stdout.cancel();
      await process.status;
      assertEquals(await exists(`${path}.lock`), end === "SIGKILL");
      await using _lock = await lockFolder(path, "x");
    }
  }));

Deno.test("of many that want a lock at once, one has it at a time", () =>
  inTemporaryFolder(async (folder) => {
    let holders = 0, turns = 0;
    await Promise.all(Array.from({ length: 8 }, async () => {
      while (turns < 40) {
        try {
          await using _lock = await lockFolder(join(folder, "x"), "test");
          assertEquals(++holders, 1);
          turns++;
          await new Promise((resolve) => setTimeout(resolve, 0));
          holders--;
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      }
    }));
  }));
