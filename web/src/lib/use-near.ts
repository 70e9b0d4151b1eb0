import { type RefObject, useEffect, useRef, useState } from "react";

/** How far from the window something is loaded: a browser's own `loading="lazy"` begins several windows away. */
const MARGIN = "120px";

/** Whether an element has been in the window, or close to it, yet; where `atOnce`, from the beginning. */
export function useNear<Element extends HTMLElement>(atOnce: boolean): [RefObject<Element | null>, boolean] {
  const ref = useRef<Element>(null);
  const [near, setNear] = useState(atOnce || !("IntersectionObserver" in globalThis));
  useEffect(() => {
    const element = ref.current;
    if (near || !element) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && setNear(true),
      { rootMargin: MARGIN },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [near]);
  return [ref, near];
}
