import { useState } from "react";
import { session } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useStore } from "@/lib/store";
import { SignInForm } from "./sign-in-form";

/** The session ended in the middle of something: the page stays as it is, and what was asked waits. */
export function SignInAgain() {
  const ended = useStore(session.ended);
  const user = useStore(session.current)?.user;
  const [key, setKey] = useState(0);
  const giveUp = () => {
    session.giveUp();
    setKey(key + 1);
  };
  return (
    <Dialog
      open={ended}
      held
      onClose={giveUp}
      title="Your session has ended"
      description="Sign in to go on. Nothing you typed is lost."
    >
      <SignInForm key={key} email={user?.email ?? ""} onDone={() => setKey(key + 1)} />
      <Button variant="ghost" size="sm" className="mt-3 w-full" onClick={giveUp}>
        Sign out
      </Button>
    </Dialog>
  );
}
