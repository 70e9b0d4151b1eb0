import { expect, test } from "vitest";
import { Sent } from "./sent";

test("a late change of the address does not overwrite newer text", () => {
  const sent = new Sent("");
  expect([sent.send("key"), sent.send("keyb"), sent.send("keyb")]).toEqual([true, true, false]);
  expect(["key", "keyb"].map((stored) => sent.isFromElsewhere(stored))).toEqual([false, false]);
});

test("the back button changes the text, which is not sent again", () => {
  const sent = new Sent("");
  sent.send("key");
  sent.isFromElsewhere("key");
  expect(sent.isFromElsewhere("")).toBe(true);
  expect(sent.send("")).toBe(false);
  expect(sent.send("key")).toBe(true);
});
