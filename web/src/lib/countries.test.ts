import { expect, test } from "vitest";
import { countryName } from "./countries";

test("a country has a name, and what is no code stays as it is", () => {
  expect(countryName("DE")).toBe("Germany");
  expect(countryName("XK")).toBe("Kosovo");
  expect(countryName("?")).toBe("?");
});
