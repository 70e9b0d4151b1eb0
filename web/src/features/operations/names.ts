/** "dead_letter.created" → "Dead letter created". */
export function eventTitle(name: string): string {
  const words = name.replace(/[._-]+/g, " ").trim();
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace(/^Api\b/, "API");
}

/** What each handler does, for people. */
const HANDLERS: Record<string, string> = {
  "order-confirmation": "Confirmation mail to the customer",
  "order-mail": "Mail to the customer",
  "order-topic": "Order notifications",
  warehouse: "Pick list to the warehouse",
  "delivery-service": "Request to the delivery service",
  "stock-watch": "Low-stock check",
  rollups: "Sums for the reports",
  "stock-alert": "Low-stock alert",
  "account-mail": "Account mail",
  "operations-alert": "Mail to the admins",
  "notification-resend": "Message sent again",
};

export function handlerTitle(handler: string): string {
  return HANDLERS[handler] ?? eventTitle(handler);
}

/** Where the thing that an event is about can be seen; null where it has no page. */
export function pageOf(subject: string): string | null {
  const id = encodeURIComponent(subject);
  if (subject.startsWith("ord_")) return `/admin/orders/${id}`;
  if (subject.startsWith("prd_")) return `/products/${id}`;
  if (subject.startsWith("usr_")) return "/admin/users";
  if (subject.startsWith("res_")) return "/admin/reservations";
  return null;
}

const THINGS: Record<string, string> = {
  prd: "Product",
  usr: "User",
  res: "Reservation",
  sal: "Sale",
  key: "API key",
  dlq: "Dead letter",
};

/**
 * "sal_01m7…qaptha" → "Sale #QAPTHA": the end of an id distinguishes it from its neighbors. An order has a number, which
 * its id contains: "ord_01m7yj38j4222…" → "Order M7YJ3-8J422" (of an older order, its first two groups).
 */
export function thingTitle(id: string): string {
  const [, prefix = "", rest = ""] = /^([a-z]{3})_(\w{20,})$/.exec(id) ?? [];
  const letters = rest.slice(2, 12).toUpperCase();
  if (prefix === "ord") return `Order ${letters.slice(0, 5)}-${letters.slice(5)}`;
  const thing = THINGS[prefix];
  return thing ? `${thing} #${rest.slice(-6).toUpperCase()}` : id;
}
