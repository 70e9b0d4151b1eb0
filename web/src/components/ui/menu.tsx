import {
  type ComponentProps,
  cloneElement,
  lazy,
  type ReactElement,
  type ReactNode,
  Suspense,
  useState,
} from "react";

const load = () => import("./menu-parts");
const Root = lazy(async () => ({ default: (await load()).Root }));

export const MenuItem = lazy(async () => ({ default: (await load()).Item }));
export const MenuLabel = lazy(async () => ({ default: (await load()).Label }));
export const MenuSeparator = lazy(async () => ({ default: (await load()).Separator }));

/** A menu below its button. Its parts load when the button is first pointed at. */
export function Menu({
  trigger,
  children,
  align = "end",
}: {
  trigger: ReactElement<ComponentProps<"button">>;
  children: ReactNode;
  align?: "start" | "end";
}) {
  const [wanted, setWanted] = useState(false);
  if (wanted) {
    return (
      <Suspense fallback={trigger}>
        <Root trigger={trigger} align={align}>
          {children}
        </Root>
      </Suspense>
    );
  }
  return cloneElement(trigger, {
    "aria-haspopup": "menu",
    "aria-expanded": false,
    onPointerEnter: load,
    onFocus: load,
    onClick: () => setWanted(true),
    onKeyDown: (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      setWanted(true);
    },
  });
}
