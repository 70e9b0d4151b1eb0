import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import {
  Ellipsis,
  ShieldCheck,
  ShieldMinus,
  Smartphone,
  UserCheck,
  Users as UsersIcon,
  UserX,
} from "lucide-react";
import { useState } from "react";
import { api, dataOf, ifMatch } from "@/api/client";
import { conflictingState } from "@/api/errors";
import type { User } from "@/api/types";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { Menu, MenuItem } from "@/components/ui/menu";
import { PagedTable } from "@/components/ui/paged-table";
import { SearchField } from "@/components/ui/search-field";
import { EmptyState } from "@/components/ui/states";
import { Badge, Card, PageHeader } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import { Time } from "@/components/ui/values";
import { useAuth } from "@/features/auth/auth";
import { Confirm } from "@/features/operations/parts";
import { usersPage } from "@/features/operations/queries";
import { useList, useTyped } from "@/lib/use-list";

type Change = Pick<User, "role"> | { disabled: boolean } | { mfa: false };

interface Wanted {
  user: User;
  change: Change;
}

/** Who has an account, who is an admin, and who may not sign in any more. */
export default function Users() {
  const { params, trail, set, go } = useList();
  const search = params.get("search") ?? "";
  const [typed, setTyped] = useTyped(search, (text) => set({ search: text }, true));
  const page = useQuery(usersPage(trail.token, search));
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const { user: me } = useAuth();
  return (
    <Page title="Users">
      <PageHeader
        title="Users"
        description="Everybody with an account. Admins see this back office; customers see the shop and their own orders."
      />
      <SearchField
        label="Search by e-mail or name"
        placeholder="E-mail or name"
        value={typed}
        onChange={setTyped}
        className="mb-4 max-w-sm"
      />
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Users, newest first"
        columns={columns(me?.id, (user, change) => setWanted({ user, change }))}
        rowKey={(user) => user.id}
        empty={
          search ? (
            <Card>
              <EmptyState icon={UsersIcon} title="No user matches">
                {page.data?.nextToken
                  ? "None of the accounts searched so far. The search goes on with the next page."
                  : "No account has all of these words in its e-mail or name."}
              </EmptyState>
            </Card>
          ) : (
            <Card>
              <EmptyState icon={UsersIcon} title="Nobody has an account yet">
                Customers are listed here when they sign up.
              </EmptyState>
            </Card>
          )
        }
      />
      <ChangeUser wanted={wanted} onClose={() => setWanted(null)} />
    </Page>
  );
}

function columns(me: string | undefined, onWant: (user: User, change: Change) => void): Column<User>[] {
  return [
    {
      id: "who",
      header: "Who",
      meta: { card: "title" },
      cell: ({ row: { original: user } }) => (
        <span className="block min-w-0 max-w-72">
          <span className="block truncate font-medium">
            {user.name || user.email}
            {user.id === me && <span className="font-normal text-muted"> (you)</span>}
          </span>
          {user.name && <span className="block truncate font-normal text-muted text-sm">{user.email}</span>}
        </span>
      ),
    },
    {
      id: "role",
      header: "Role",
      cell: ({ row }) => (
        <Badge tone={row.original.role === "admin" ? "brand" : "neutral"}>
          {row.original.role === "admin" ? "Admin" : "Customer"}
        </Badge>
      ),
    },
    { id: "state", header: "State", cell: ({ row }) => <State user={row.original} /> },
    {
      id: "factor",
      header: "Second factor",
      cell: ({ row }) => (row.original.mfaEnabled ? "On" : <span className="text-muted">Off</span>),
    },
    { id: "since", header: "Since", cell: ({ row }) => <Time value={row.original.createdAt} style="date" /> },
    {
      id: "actions",
      header: () => <span className="sr-only">Actions</span>,
      meta: { card: "actions", align: "right" },
      cell: ({ row: { original: user } }) =>
        user.id === me ? (
          <span className="text-muted text-sm">Another admin can change this</span>
        ) : (
          <Actions user={user} onWant={(change) => onWant(user, change)} />
        ),
    },
  ];
}

function State({ user }: { user: User }) {
  if (user.disabled)
    return (
      <Badge tone="danger" dot>
        Disabled
      </Badge>
    );
  if (user.status === "UNCONFIRMED")
    return (
      <Badge tone="warning" dot>
        Not confirmed
      </Badge>
    );
  return (
    <Badge tone="success" dot>
      Active
    </Badge>
  );
}

function Actions({ user, onWant }: { user: User; onWant: (change: Change) => void }) {
  return (
    <Menu
      trigger={
        <Button size="sm" variant="secondary" aria-label={`Change ${user.email}`}>
          <Ellipsis aria-hidden className="size-4" />
          <span className="md:sr-only">Change</span>
        </Button>
      }
    >
      {user.role === "admin" ? (
        <MenuItem onSelect={() => onWant({ role: "customer" })}>
          <ShieldMinus aria-hidden />
          Make a customer
        </MenuItem>
      ) : (
        <MenuItem onSelect={() => onWant({ role: "admin" })}>
          <ShieldCheck aria-hidden />
          Make an admin
        </MenuItem>
      )}
      {user.mfaEnabled && (
        <MenuItem onSelect={() => onWant({ mfa: false })}>
          <Smartphone aria-hidden />
          Turn off the second factor
        </MenuItem>
      )}
      {user.disabled ? (
        <MenuItem onSelect={() => onWant({ disabled: false })}>
          <UserCheck aria-hidden />
          Enable
        </MenuItem>
      ) : (
        <MenuItem danger onSelect={() => onWant({ disabled: true })}>
          <UserX aria-hidden />
          Disable
        </MenuItem>
      )}
    </Menu>
  );
}

function wordsOf({ user, change }: Wanted): { title: string; text: string; action: string; done: string } {
  const who = user.name || user.email;
  if ("mfa" in change) {
    return {
      title: `Turn off the second factor of ${who}?`,
      text: `For somebody who has lost their phone. Check first that the request comes from them. ${user.email} is signed out everywhere, and signs in with the password alone until they set up the second factor again.`,
      action: "Turn it off",
      done: `The second factor of ${who} is off`,
    };
  }
  if ("disabled" in change) {
    return change.disabled
      ? {
          title: `Disable ${who}?`,
          text: `${user.email} is signed out everywhere at once, and cannot sign in until an admin enables the account again. Orders are not changed.`,
          action: "Disable",
          done: `${who} is disabled`,
        }
      : {
          title: `Enable ${who}?`,
          text: `${user.email} can sign in again with the old password.`,
          action: "Enable",
          done: `${who} can sign in again`,
        };
  }
  return change.role === "admin"
    ? {
        title: `Make ${who} an admin?`,
        text: `${user.email} will see and change everything here: stock, orders, users and keys.`,
        action: "Make an admin",
        done: `${who} is an admin`,
      }
    : {
        title: `Make ${who} a customer?`,
        text: `${user.email} will only see the shop and their own orders.`,
        action: "Make a customer",
        done: `${who} is a customer`,
      };
}

function ChangeUser({ wanted, onClose }: { wanted: Wanted | null; onClose: () => void }) {
  const client = useQueryClient();
  const words = wanted && wordsOf(wanted);
  const change = useMutation({
    mutationFn: ({ user, change: body }: Wanted) =>
      dataOf(
        api.PATCH("/users/{id}", { params: { path: { id: user.id } }, body, headers: ifMatch(user.version) }),
      ),
    onSuccess: () => {
      if (words) toast.success(words.done);
      close();
    },
    onError: (error) => {
      const now = conflictingState<User>(error);
      if (!now) return;
      toast.info("Somebody else has changed this account", {
        description: `It is ${now.role === "admin" ? "an admin" : "a customer"} now, ${now.disabled ? "and disabled" : "and may sign in"}. Check the account, then decide.`,
      });
      close();
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["admin", "users"] }),
  });
  const close = () => {
    change.reset();
    onClose();
  };
  return (
    <Confirm
      open={wanted !== null}
      onClose={close}
      title={words?.title ?? ""}
      action={words?.action ?? ""}
      danger={Boolean(
        wanted && ("mfa" in wanted.change || ("disabled" in wanted.change && wanted.change.disabled)),
      )}
      busy={change.isPending}
      error={change.error}
      onConfirm={() => wanted && change.mutate(wanted)}
    >
      {words?.text}
    </Confirm>
  );
}
