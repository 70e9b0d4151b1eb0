import { expect, test } from "vitest";
import { Sent } from "./sent";

test("what comes back late is not put over what was typed since", () => {
  const sent = new Sent("");
  expect([sent.send("key"), sent.send("keyb"), sent.send("keyb")]).toEqual([true, true, false]);
  expect(["key", "keyb"].map((kept) => sent.isFromElsewhere(kept))).toEqual([false, false]);
});

test("the back button is heard, and what it brought is not sent again", () => {
  const sent = new Sent("");
  sent.send("key");
  sent.isFromElsewhere("key");
  expect(sent.isFromElsewhere("")).toBe(true);
  expect(sent.send("")).toBe(false);
  expect(sent.send("key")).toBe(true);
});
