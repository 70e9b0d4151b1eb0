export function Products() {
  return null;
}
