import type { components } from "./schema";

type Schemas = components["schemas"];

export type Item = Schemas["ItemView"];
export type Product = Schemas["ProductView"];
export type Image = Schemas["ImageView"];
export type Order = Schemas["OrderView"];
export type OrderLine = Schemas["OrderLineView"];
export type OrderStep = Schemas["StepView"];
export type Shop = Schemas["PublicSettingsView"];
export type User = Schemas["UserView"];
export type SessionAnswer = Schemas["SessionView"];
export type { Schemas };

export type OrderStatus = Order["status"];
/** The steps of a timeline: the statuses, and returns. */
export type OrderStepName = OrderStep["status"];
