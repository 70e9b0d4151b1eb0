import { useQuery } from "@tanstack/react-query";
import { Command as Cmdk } from "cmdk";
import { ClipboardList, Package, Search, UserRound } from "lucide-react";
import { useState } from "react";
import { flushSync } from "react-dom";
import { useLocation, useNavigate } from "react-router";
import { useAuth } from "@/features/auth/auth";
import { searchItems } from "@/features/catalog/queries";
import { searchUsers } from "@/features/operations/queries";
import { findOrder } from "@/features/orders/queries";
import { namesOrder } from "@/features/orders/status";
import { searchProducts } from "@/features/products/queries";
import { grouped } from "@/lib/group";
import { keysOf } from "@/lib/shortcuts";
import { useDebounced } from "@/lib/use-debounced";
import { beginsWords } from "@/lib/word-match";
import { Modal } from "../ui/dialog";
import { Kbd } from "../ui/surfaces";
import { useAllCommands } from "./commands";

const ITEM =
  "flex cursor-default select-none items-center gap-3 rounded-xl px-3 py-2.5 text-sm data-[selected=true]:bg-sunken [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-muted";
const GROUP =
  "[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1.5 [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-muted [&_[cmdk-group-heading]]:text-xs";

function filter(_id: string, looked: string, keywords: string[] = []): number {
  return beginsWords(looked, ...keywords) ? 1 : 0;
}

/** Finds commands and products by a few letters; for an admin also users, and an order by its number. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const commands = useAllCommands();
  const [text, setText] = useState("");
  const wanted = useDebounced(text.trim(), 180);
  const { isAdmin } = useAuth();
  // In the back office a product is what one works on; in the shop, what one buys.
  const isOffice = useLocation().pathname.startsWith("/admin") && isAdmin;
  const goods = useQuery({ ...searchItems(wanted), enabled: !isOffice && wanted.length >= 2 });
  const listed = useQuery({ ...searchProducts(wanted), enabled: isOffice && wanted.length >= 2 });
  const order = useQuery({ ...findOrder(wanted), enabled: isOffice && namesOrder(wanted) });
  const people = useQuery({ ...searchUsers(wanted), enabled: isAdmin && wanted.length >= 2 });
  const products = isOffice
    ? (listed.data ?? []).map((each) => ({ ...each, to: `/admin/products/${encodeURIComponent(each.id)}` }))
    : (goods.data?.items ?? []).map(({ id, title, sku }) => ({
        id,
        name: title,
        sku,
        to: `/products/${encodeURIComponent(id)}`,
      }));
  const searching = goods.isFetching || listed.isFetching || order.isFetching || people.isFetching;
  const groups = grouped(commands, (command) => command.group);
  const run = (act: () => void) => {
    // Closed first, and the focus given back: what is run then may take it.
    flushSync(onClose);
    setTimeout(act);
  };
  return (
    <Modal
      open
      onClose={onClose}
      label="Command palette"
      className="mx-auto mt-[12dvh] mb-auto w-[calc(100%-2rem)] max-w-xl animate-rise overflow-hidden rounded-2xl border"
    >
      <Cmdk label="Command palette" loop filter={filter}>
        <div className="flex items-center gap-3 border-b px-4">
          <Search aria-hidden className="size-4.5 shrink-0 text-muted" />
          <Cmdk.Input
            data-autofocus
            value={text}
            onValueChange={setText}
            placeholder={
              isAdmin ? "Find a page, a command, a product or a user" : "Find a page, a command or a product"
            }
            className="h-14 w-full bg-transparent text-base outline-none placeholder:text-muted"
          />
          <span className="max-sm:hidden">
            <Kbd>Esc</Kbd>
          </span>
        </div>
        <Cmdk.List className="max-h-[min(55dvh,26rem)] overflow-y-auto overscroll-contain p-2 pt-0">
          <Cmdk.Empty className="px-4 py-10 text-center text-muted text-sm">
            {searching ? "Searching…" : "Nothing by that name."}
          </Cmdk.Empty>
          {order.data && (
            <Cmdk.Group heading="Orders" className={GROUP}>
              <Cmdk.Item
                value={`order ${order.data.id}`}
                keywords={[order.data.number, wanted]}
                onSelect={() =>
                  run(() => navigate(`/admin/orders/${encodeURIComponent(order.data?.id ?? "")}`))
                }
                className={ITEM}
              >
                <ClipboardList aria-hidden />
                <span className="flex-1 truncate">Order {order.data.number}</span>
                <span className="text-muted text-xs">{order.data.userEmail}</span>
              </Cmdk.Item>
            </Cmdk.Group>
          )}
          {products.length ? (
            <Cmdk.Group heading="Products" className={GROUP}>
              {products.map(({ id, name, sku, to }) => (
                <Cmdk.Item
                  key={id}
                  value={`product ${id}`}
                  keywords={[name, sku, wanted]}
                  onSelect={() => run(() => navigate(to))}
                  className={ITEM}
                >
                  <Package aria-hidden />
                  <span className="flex-1 truncate">{name}</span>
                  <span className="text-muted text-xs">{sku}</span>
                </Cmdk.Item>
              ))}
            </Cmdk.Group>
          ) : null}
          {people.data?.length ? (
            <Cmdk.Group heading="Users" className={GROUP}>
              {people.data.map(({ id, name, email }) => (
                <Cmdk.Item
                  key={id}
                  value={`user ${id}`}
                  keywords={[name, email, wanted]}
                  onSelect={() => run(() => navigate(`/admin/users?search=${encodeURIComponent(email)}`))}
                  className={ITEM}
                >
                  <UserRound aria-hidden />
                  <span className="flex-1 truncate">{name || email}</span>
                  {name && <span className="text-muted text-xs">{email}</span>}
                </Cmdk.Item>
              ))}
            </Cmdk.Group>
          ) : null}
          {groups.map(([group, members]) => (
            <Cmdk.Group key={group} heading={group} className={GROUP}>
              {members.map(({ id, title, icon: Icon, shortcut, keywords, run: act }) => (
                <Cmdk.Item
                  key={id}
                  value={id}
                  keywords={[title, keywords ?? ""]}
                  onSelect={() => run(act)}
                  className={ITEM}
                >
                  {Icon ? <Icon aria-hidden /> : <span className="size-4" />}
                  <span className="flex-1 truncate">{title}</span>
                  {shortcut && (
                    <span className="flex gap-1 max-sm:hidden">
                      {keysOf(shortcut).map((key) => (
                        <Kbd key={key}>{key}</Kbd>
                      ))}
                    </span>
                  )}
                </Cmdk.Item>
              ))}
            </Cmdk.Group>
          ))}
        </Cmdk.List>
      </Cmdk>
    </Modal>
  );
}
