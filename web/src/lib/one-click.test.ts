import { expect, test } from "vitest";
import { Clicks } from "./one-click";

const click = (timeStamp: number, clientX = 100, detail = 1) => ({ timeStamp, clientX, clientY: 40, detail });

test("a second click at the same position is part of a double click", () => {
  const clicks = new Clicks();
  const times = [1000, 1060, 1400, 2000];
  expect(times.map((at) => clicks.isSecond(click(at)))).toEqual([false, true, true, false]);
});

test("a click somewhere else is a separate click", () => {
  const clicks = new Clicks();
  expect([click(1000), click(1100, 140)].map((each) => clicks.isSecond(each))).toEqual([false, false]);
});

test("two buttons pressed by key are both pressed", () => {
  const clicks = new Clicks();
  expect([click(1000, 0, 0), click(1100, 0, 0)].map((each) => clicks.isSecond(each))).toEqual([false, false]);
});
