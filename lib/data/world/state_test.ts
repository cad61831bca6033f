import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../errors.ts";
import { parseCondition } from "./conditions.ts";
import type { Entity } from "./entity.ts";
import { State } from "./state.ts";

const entity = (singular: string, kind: Entity["kind"] = "thing"): Entity => ({
  ...{ kind, noun: { singular, gender: "f" } },
});
const [ana, eva] = [entity("Ana", "person"), entity("Eva", "person")];
const [llave, caja] = [entity("llave"), entity("caja")];
const [casa, playa] = [entity("casa", "place"), entity("playa", "place")];
const OPPOSITES: Record<string, string> = { abierto: "cerrado", cerrado: "abierto" };

function state(): State {
  const state = new State((word) => OPPOSITES[word]);
  state.set("at", [ana, casa]);
  state.set("at", [eva, playa]);
  state.set("has", [ana, llave]);
  return state;
}

Deno.test("what is carried is where its holder is, and what is kept in something is where that is", () => {
  const world = state();
  world.set("has", [ana, caja]);
  world.set("in", [llave, caja]);
  assertEquals(world.holds("has", [ana, llave]), false);
  world.set("at", [ana, playa]);
  assertEquals(world.placeOf(llave), playa);
  assert(world.holds("at", [llave, playa]) && world.holds("near", [llave, eva]));
});

Deno.test("what was so is remembered, from the start on", () => {
  const world = state();
  world.set("at", [ana, playa], 0);
  assert(world.was("at", [ana, casa]) && world.was("at", [ana, playa]) && world.was("has", [ana, llave]));
  assertEquals(world.was("at", [eva, casa]), false);
});

Deno.test("a thing has one holder and one owner, someone one feeling and one number of a thing", () => {
  const world = state();
  world.set("has", [eva, llave]);
  world.set("owns", [ana, llave]);
  world.set("owns", [eva, llave]);
  world.set("feels", [ana, "triste"]);
  world.set("feels", [ana, "feliz"]);
  world.set("count", [ana, llave, 5]);
  world.set("count", [ana, llave, 3]);
  assert(!world.holds("has", [ana, llave]) && !world.holds("owns", [ana, llave]));
  assert(!world.holds("feels", [ana, "triste"]));
  assertEquals([world.ownerOf(llave), world.count(ana, llave)], [eva, 3]);
});

Deno.test("opposites exclude each other, and friends are friends both ways", () => {
  const world = state();
  world.set("is", [caja, "cerrado"]);
  world.set("is", [caja, "abierto"]);
  world.set("friends", [ana, eva]);
  assert(!world.holds("is", [caja, "cerrado"]) && world.holds("friends", [eva, ana]));
});

Deno.test("the event that made something so, or not so, is its cause", () => {
  const world = state();
  world.set("at", [llave, playa], 7);
  world.set("is", [caja, "roto"], 8);
  assertEquals(world.causeOf("has", [ana, llave], true), 7);
  assertEquals(world.causeOf("is", [caja, "roto"], false), 8);
  assertEquals(world.causeOf("at", [ana, casa], false), undefined);
});

Deno.test("a condition names a predicate that exists and as many arguments as it takes", () => {
  const { denied, predicate, args } = parseCondition("not has a x", "f:1");
  assertEquals([denied, predicate, args], [true, "has", ["a", "x"]]);
  const effect = parseCondition("count a x -2", "f:1");
  assertEquals([effect.change, effect.args[2]], [-1, "2"]);
  assertThrows(() => parseCondition("hass a x", "f:3"), UserError, 'f:3: unknown predicate "hass"');
  assertThrows(() => parseCondition("has a", "f:3"), UserError, '"has a" has 1 arguments; "has" takes 2');
});
