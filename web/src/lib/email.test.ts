import { expect, test } from "vitest";
import { emailAddress } from "./email";

test.each([
  "mia@example.com",
  " mia@example.com ",
  "jörg@bücher.example",
  "用户@例え.テスト",
  "admin@localhost",
])("%s is left to the server", (text) => {
  expect(emailAddress.parse(text)).toBe(text.trim());
});

test.each(["", "mia", "mia@", "@example.com", "mia@example@com", "mia example@example.com"])(
  "%j is refused at once",
  (text) => {
    expect(emailAddress.safeParse(text).success).toBe(false);
  },
);
