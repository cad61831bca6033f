/** A folder of models and invented runs for tests of pages, made without importing the project's code. */
const root = new URL("../../../", import.meta.url).pathname;

export interface MadeRuns {
  readonly folder: string;
  make(id: string, steps: number, more?: { stage: string; epoch: number }): Promise<void>;
  makeMany(count: number, steps: number): Promise<string[]>;
  copy(id: string, to: string): Promise<void>;
  delete(id: string): Promise<void>;
  deleteMany(ids: readonly string[]): Promise<void>;
  /** Holds a run's lock like a training, and writes its lines on command. */
  train(id: string, steps: number): Promise<Training>;
  remove(): Promise<void>;
}

/** Shares of correct labels. */
interface Accuracies {
  readonly seen: number;
  readonly validation: number;
}

export interface Training extends AsyncDisposable {
  /** Advances to a step. */
  go(step: number, then?: { sample?: string; validation?: number; accuracies?: Accuracies }): Promise<void>;
}

async function deno(...args: string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", `--config=${root}deno.json`, "--allow-all", ...args],
    cwd: root,
  });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Makes tiny models, and the runs uno/pretrain and dos/pretrain, which differ in their learning rate. */
export async function makeRuns(): Promise<MadeRuns> {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
  await deno("lib/server/testing.ts", folder);
  const text = `${folder}/texto.txt`;
  await Deno.writeTextFile(text, "hola");
  const makeAll = (all: readonly object[]) => deno("lib/runs/testing.ts", folder, JSON.stringify(all));
  await makeAll([
    {
      id: "uno/pretrain",
      steps: 2000,
      seed: 1,
      inputs: { [text]: "0" },
      preset: { pretrain: { lr: 0.01, batch: 8 } },
    },
    { id: "dos/pretrain", steps: 1500, seed: 2, preset: { pretrain: { lr: 0.02, batch: 8 } } },
  ]);
  const remove = (id: string) => Deno.remove(`${folder}/${id}`, { recursive: true });
  return {
    folder,
    make: (id, steps, more) => makeAll([{ id, steps, seed: 3, every: 10, ...more }]),
    async makeMany(count, steps) {
      const ids = Array.from({ length: count }, (_, i) => `muchos/${i}`);
      await makeAll(ids.map((id, i) => ({ id, steps, seed: i })));
      return ids;
    },
    async copy(id, to) {
      await Deno.mkdir(`${folder}/${to}`, { recursive: true });
      const args = ["-r", `${folder}/${id}/.`, `${folder}/${to}`];
      const { success } = await new Deno.Command("cp", { args }).output();
      if (!success) throw new Error(`${id} could not be copied to ${to}`);
    },
    delete: remove,
    async deleteMany(ids) {
      for (const id of ids) await remove(id);
    },
    async train(id, steps) {
      await makeAll([{ id, steps, done: 0, seed: 4 }]);
      const lock = await Deno.open(`${folder}/${id}.lock`, { read: true, write: true, create: true });
      await lock.lock(true);
      const holder = JSON.stringify({ pid: Deno.pid, task: "pretrain", since: new Date().toISOString() });
      await lock.write(new TextEncoder().encode(holder));
      let done = 0;
      return {
        async go(step, { sample, validation, accuracies } = {}) {
          let lines = "";
          for (let at = done + 1; at <= step; at++) {
            const loss = 2 + 5 * Math.exp(-at / 100);
            lines += JSON.stringify({
              step: at,
              loss,
              lr: .01,
              norm: 1,
              tokens_per_s: 900,
              tokens: at * 9,
              seconds: at,
            }) + "\n";
          }
          if (validation) lines += JSON.stringify({ step, validation: { loss: validation } }) + "\n";
          for (const [part, accuracy] of Object.entries(accuracies ?? {})) {
            lines += JSON.stringify({ step, [part]: { loss: 1, accuracy } }) + "\n";
          }
          if (sample) lines += JSON.stringify({ step, sample }) + "\n";
          await Deno.writeTextFile(`${folder}/${id}/metrics.jsonl`, lines, { append: true });
          done = step;
        },
        async [Symbol.asyncDispose]() {
          lock.close();
          await Deno.remove(`${folder}/${id}.lock`);
          await Deno.remove(`${folder}/${id}`, { recursive: true });
        },
      };
    },
    remove: () => Deno.remove(folder, { recursive: true }),
  };
}
