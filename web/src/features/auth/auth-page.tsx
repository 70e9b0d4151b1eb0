import type { ReactNode } from "react";
import { Mark } from "@/components/layout/logo";
import { Card } from "@/components/ui/surfaces";
import { useTitle } from "@/lib/use-title";

/** One form in the middle of a calm page. */
export function AuthPage({
  title,
  description,
  children,
  footer,
}: {
  title: string;
  description?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
}) {
  useTitle(title);
  return (
    <div className="mx-auto flex max-w-[26rem] flex-col px-4 pt-12 sm:pt-20">
      <Mark className="mx-auto size-11" />
      <h1 className="mt-5 text-center font-semibold text-2xl">{title}</h1>
      {description && <p className="mt-2 text-center text-muted">{description}</p>}
      <Card className="mt-8 p-6 sm:p-7">{children}</Card>
      {footer && <div className="mt-6 flex flex-col items-center gap-2 text-muted text-sm">{footer}</div>}
    </div>
  );
}

export const LINK = "rounded font-medium text-brand-text hover:underline";
