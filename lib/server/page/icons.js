// @ts-check
/// <reference lib="dom" />
// Buttons with an icon, and a label for those who cannot see it.

import { make } from "./dom.js";

/** Lines in a square of 24, drawn with a pen 2 wide. */
const PATHS = {
  again: "M4 12a8 8 0 1 0 2.6-5.9M4 4v4.5h4.5",
  ask: "M4 5h16v11H9l-5 4z",
  columns: "M4 5h16v14H4zM9.3 5v14M14.6 5v14",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
};

/** @param {keyof typeof PATHS} name */
function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** @param {keyof typeof PATHS} name @param {string} label @param {() => void} click @param {string} [className] */
export function iconButton(name, label, click, className = "") {
  const button = make("button", `quiet iconic ${className}`);
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  button.append(icon(name));
  button.onclick = click;
  return button;
}
