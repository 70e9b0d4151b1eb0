import { Button } from "@/components/ui/button";
import { CancelButton, Dialog } from "@/components/ui/dialog";

/** An order is in one currency: what has another one needs a cart of its own. */
export function NewCartDialog({
  name,
  currency,
  cartCurrency,
  onAgree,
  onClose,
}: {
  name: string;
  currency: string;
  cartCurrency: string;
  onAgree: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog
      open
      onClose={onClose}
      title="Start a new cart?"
      description={`${name} is priced in ${currency}, and your cart is in ${cartCurrency}. One order is in one currency.`}
      footer={
        <>
          <CancelButton>Keep my cart</CancelButton>
          <Button onClick={onAgree}>Start a new cart</Button>
        </>
      }
    >
      <p className="text-muted text-sm">
        A new cart removes what is in yours now. Or order that first, then come back for this.
      </p>
    </Dialog>
  );
}
