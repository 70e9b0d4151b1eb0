import { browserStorage } from "@/lib/storage";
import { Store, useStore } from "@/lib/store";
import { type Cart, parseCart } from "./cart";

const KEY = "stockwright.cart";

const cart = new Store<Cart>(parseCart(browserStorage.read(KEY)));
let writing = false;

cart.subscribe(() => {
  if (!writing) browserStorage.write(KEY, cart.get().length ? JSON.stringify(cart.get()) : null);
});

// Another tab of the shop changed it.
window.addEventListener("storage", (event) => {
  if (event.key !== KEY && event.key !== null) return;
  writing = true;
  cart.set(parseCart(event.newValue));
  writing = false;
});

export function changeCart(change: (cart: Cart) => Cart): void {
  cart.set(change(cart.get()));
}

export function useCart(): Cart {
  return useStore(cart);
}
