/** Frames of stories, read from `data/world/frames` and checked against the actions. docs/world.md has their format. */
import { type Action, actionOf, type Actions, type Checked, checked, yamlFiles } from "./actions.ts";
import { parseCondition } from "./conditions.ts";
import { UserError } from "../../errors.ts";
import type { Lexicon } from "./lexicon.ts";
import { type Node, root } from "./parsing.ts";
import { type CastRole, readRole } from "./roles.ts";
import { type Argument, argument, type Sort } from "./sorts.ts";
import type { Template } from "./template.ts";
import { readYaml } from "./yaml_file.ts";

interface Told {
  /** Wordings; empty for an action or a feeling that is told by its general ones. */
  readonly say: readonly Template[];
  /** Whether a short telling leaves it out. */
  readonly colour: boolean;
  /** `file:line`. */
  readonly where: string;
}

export interface Do extends Told {
  readonly type: "do";
  readonly action: Action;
  readonly args: readonly Argument[];
  /** Wordings of a clause that gives the reason. */
  readonly because: readonly Template[];
}

export interface Feel extends Told {
  readonly type: "feel";
  readonly who: Argument;
  readonly feeling: string;
  readonly because: readonly Template[];
}

export interface Say extends Told {
  readonly type: "say";
}

export interface Choose {
  readonly type: "choose";
  readonly options: readonly { readonly weight: number; readonly steps: readonly Step[] }[];
}

export interface Maybe {
  readonly type: "maybe";
  readonly steps: readonly Step[];
}

/** Runs the steps of another frame. */
export interface Use {
  readonly type: "use";
  readonly frame: string;
  /** Maps the other frame's roles to roles of this one. */
  readonly roles: ReadonlyMap<string, string>;
  readonly where: string;
}

/** A number of times (drawn from `times`), does one of the options that is possible and was not done yet. */
export interface Any {
  readonly type: "any";
  readonly options: readonly Do[];
  /** The fewest and the most. */
  readonly times: readonly [number, number];
}

export type Step = Do | Feel | Say | Choose | Maybe | Use | Any;

export interface Frame {
  readonly name: string;
  readonly where: string;
  readonly cast: readonly CastRole[];
  readonly start: readonly Checked[];
  readonly open: readonly Template[];
  readonly steps: readonly Step[];
  readonly end: readonly Template[];
}

/** Files of the folder that hold wordings for all frames. */
const WORDINGS = /(openings|endings|feelings)\.yaml$/;
const STEPS = ["do", "feel", "say", "choose", "maybe", "use", "any"];
/** Most actions that one step of `any` performs. */
const MOST_TIMES = 12;

/**
 * Reads every file of a folder (`data/world/frames`) that holds frames.
 * @throws {UserError} naming file and line
 */
export async function readFrames(
  folder: string,
  actions: Actions,
  lexicon: Lexicon,
): Promise<Map<string, Frame>> {
  const frames = new Map<string, Frame>();
  for (const path of await yamlFiles(folder)) {
    if (WORDINGS.test(path)) continue;
    for (const [name, node] of root(await readYaml(path)).entries()) {
      const known = frames.get(name);
      if (known) node.fail(`the frame "${name}" is already in ${known.where}; keep one of them`);
      frames.set(name, new FrameReader(name, node, actions, lexicon).read());
    }
  }
  for (const frame of frames.values()) checkUses(frame, frame.steps, frames);
  return frames;
}

class FrameReader {
  readonly #roles = new Map<string, Sort>();

  constructor(
    private readonly name: string,
    private readonly node: Node,
    private readonly actions: Actions,
    private readonly lexicon: Lexicon,
  ) {}

  read(): Frame {
    const { node, name } = this;
    node.entries(["cast", "start", "open", "steps", "end"]);
    const cast = node.child("cast").entries().map(([role, line]) => {
      const read = readRole(role, line, { lexicon: this.lexicon, roles: this.#roles });
      this.#roles.set(role, read.sort);
      return read;
    });
    if (cast[0]?.sort !== "person" && cast[0]?.sort !== "animal") {
      node.child("cast").fail("the first role is the protagonist; expected a person or an animal");
    }
    const steps = this.#steps(node.child("steps"));
    if (steps.length === 0) node.fail(`"${name}" has no steps; write what happens`);
    const end = this.#say(node.child("end"));
    if (end.length > 0 && end.length < 4) node.child("end").fail(`${end.length} wordings; write 4 or more`);
    const start = node.child("start").items().map((item) => this.#condition(item));
    return { ...{ name, where: node.where, cast, start, steps, end }, open: this.#say(node.child("open")) };
  }

  #condition(node: Node): Checked {
    const condition = parseCondition(node.text(), node.where);
    if (condition.predicate === "near") node.fail('"near" cannot be made so; use "at"');
    return checked(condition, { roles: this.#roles, lexicon: this.lexicon });
  }

  #say(node: Node): Template[] {
    return node.templates(this.#roles.keys());
  }

  #steps(node: Node): Step[] {
    return node.items().map((item) => this.#step(item));
  }

  #step(node: Node): Step {
    const keys = node.entries([...STEPS, "with", "because", "mood", "weight", "steps", "times"]).map((
      [key],
    ) => key);
    const kind = STEPS.find((key) => keys.includes(key));
    if (kind === undefined) return node.fail(`a step has one of ${STEPS.join(", ")}`);
    const mood = node.child("mood");
    if (mood.value !== undefined && mood.value !== "colour") mood.fail('the only mood is "colour"');
    const say = this.#say(node.child("say"));
    if (node.has("say") && say.length < 4) node.child("say").fail(`${say.length} wordings; write 4 or more`);
    const told = { say, colour: mood.value === "colour", where: node.where };
    const because = this.#say(node.child("because"));
    switch (kind) {
      case "do":
        return { type: "do", ...told, because, ...this.#action(node.child("do")) };
      case "feel":
        return { type: "feel", ...told, because, ...this.#feeling(node.child("feel")) };
      case "choose":
        return {
          type: "choose",
          options: node.child("choose").items().map((option) => this.#option(option)),
        };
      case "maybe":
        return { type: "maybe", steps: this.#steps(node.child("maybe")) };
      case "use":
        return this.#use(node);
      case "any":
        return {
          type: "any",
          options: this.#any(node.child("any")),
          times: this.#times(node.child("times")),
        };
    }
    return { type: "say", ...told };
  }

  /** "dar a|b x a|b" stands for every combination without a repeated argument: "dar a x b", "dar b x a". */
  #any(node: Node): Do[] {
    return node.items().flatMap((item) => {
      const [name, ...words] = item.text().trim().split(/\s+/).map((word) => word.split("|"));
      const lines = words.reduce<string[][]>(
        (lines, choices) => lines.flatMap((line) => choices.map((choice) => [...line, choice])),
        [name],
      );
      const told = { type: "do", say: [], because: [], colour: false, where: item.where } as const;
      return lines.filter((line) => new Set(line).size === line.length)
        .map((line) => ({ ...told, ...this.#action(item, line) }));
    });
  }

  /** "2 4", or "3": how often. */
  #times(node: Node): [number, number] {
    const [least, most = least] = String(node.value ?? 1).trim().split(/\s+/).map(Number);
    if (!(Number.isInteger(least) && Number.isInteger(most) && 0 < least && least <= most)) {
      node.fail('expected how often, or the fewest and the most: "2 4"');
    }
    if (most > MOST_TIMES) node.fail(`${most} is too often; write ${MOST_TIMES} at most`);
    return [least, most];
  }

  #action(
    node: Node,
    words: readonly string[] = node.text().trim().split(/\s+/),
  ): { action: Action; args: Argument[] } {
    const found = actionOf(words, this.actions);
    if (!found) {
      return node.fail(
        `unknown action "${words.join(" ")}"; write it in data/world/actions, or use one of them`,
      );
    }
    const { action, args } = found;
    if (args.length !== action.roles.length) {
      const wanted = action.roles.map(({ name, sorts }) => `${name} ${sorts.join("|")}`).join(", ");
      node.fail(`"${action.name}" takes ${action.roles.length} arguments (${wanted}), not ${args.length}`);
    }
    return {
      action,
      args: args.map((word, i) => this.#argument(word, action.roles[i].sorts, node.where)),
    };
  }

  #argument(word: string, wanted: readonly Sort[], where: string): Argument {
    return argument(word, { roles: this.#roles, wanted, lexicon: this.lexicon, where });
  }

  #feeling(node: Node): { who: Argument; feeling: string } {
    const [who, feeling, ...rest] = node.text().trim().split(/\s+/);
    if (!feeling || rest.length > 0) node.fail('expected who feels what: "a triste"');
    return {
      who: this.#argument(who, ["person", "animal"], node.where),
      feeling: this.#argument(feeling, ["feeling"], node.where).name,
    };
  }

  #option(node: Node): Choose["options"][number] {
    if (Array.isArray(node.value)) return { weight: 1, steps: this.#steps(node) };
    node.entries(["weight", "steps"]);
    const weight = node.child("weight");
    if (typeof weight.value !== "number" || weight.value <= 0) weight.fail("expected a weight above 0");
    return { weight: weight.value as number, steps: this.#steps(node.child("steps")) };
  }

  #use(node: Node): Use {
    const roles = new Map<string, string>();
    if (node.has("with")) {
      for (const [inner, outer] of node.child("with").entries()) {
        if (!this.#roles.has(outer.text())) {
          outer.fail(`"${outer.text()}" is no role; expected ${[...this.#roles.keys()].join(", ")}`);
        }
        roles.set(inner, outer.text());
      }
    }
    return { type: "use", frame: node.child("use").text(), roles, where: node.where };
  }
}

/** @throws {UserError} if a step uses a frame that does not exist, or a role that the frame does not have */
function checkUses(frame: Frame, steps: readonly Step[], frames: ReadonlyMap<string, Frame>): void {
  for (const step of steps) {
    if (step.type === "maybe") checkUses(frame, step.steps, frames);
    if (step.type === "choose") { for (const { steps } of step.options) checkUses(frame, steps, frames); }
    if (step.type === "use") checkUse(frame, step, frames);
  }
}

function checkUse({ name, cast }: Frame, step: Use, frames: ReadonlyMap<string, Frame>): void {
  const fail = (message: string): never => {
    throw new UserError(`${step.where}: ${message}`);
  };
  const used = frames.get(step.frame);
  if (!used || step.frame === name) return fail(`no other frame is called "${step.frame}"`);
  for (const [inner, outer] of step.roles) {
    const role = used.cast.find((role) => role.name === inner);
    const sort = cast.find((role) => role.name === outer)!.sort;
    if (!role) {
      return fail(
        `"${step.frame}" has no role "${inner}"; it has ${used.cast.map(({ name }) => name).join(", ")}`,
      );
    }
    if (role.sort !== sort) {
      fail(`"${outer}" is a ${sort}, and "${inner}" of "${step.frame}" is a ${role.sort}`);
    }
  }
}
