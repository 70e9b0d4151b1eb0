import { expect, test } from "vitest";
import { eventTitle, handlerTitle, pageOf, thingTitle } from "./names";

test("events and handlers have readable names, also unknown ones", () => {
  expect(eventTitle("dead_letter.created")).toBe("Dead letter created");
  expect(eventTitle("api_key.created")).toBe("API key created");
  expect(eventTitle("order.placed")).toBe("Order placed");
  expect(handlerTitle("warehouse")).toBe("Pick list to the warehouse");
  expect(handlerTitle("some-new-one")).toBe("Some new one");
});

test("resources link to their pages, with any characters in the id", () => {
  expect(pageOf("ord_01/x")).toBe("/admin/orders/ord_01%2Fx");
  expect(pageOf("prd_1")).toBe("/products/prd_1");
  expect(pageOf("4711")).toBeNull();
});

test("our ids are shortened to their kind and end, those of others are shown as they are", () => {
  expect(thingTitle("sal_01m7yj38j4222tshbv2sqqaptha")).toBe("Sale #QAPTHA");
  expect(thingTitle("ord_01m7yj38j4222tshbv2sqqaptha")).toBe("Order M7YJ3-8J422");
  for (const id of ["system", "692cc529439b2ea96b10e98b", "xyz_01m7yj38j4222tshbv2sqqaptha", "ord_1"]) {
    expect(thingTitle(id)).toBe(id);
  }
});
