"use client";
/** What stands in place of something that is not there: because it is on its way, or because it could not be had. */
import type { ReactElement } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { part } from "../lib/part.js";
import { Button } from "./button.js";

export function Loading(): ReactElement {
  return (
    <div {...part("loading")} role="status" aria-label={useMessages().states.connecting}>
      <i />
      <i />
      <i />
    </div>
  );
}

export function Failed({ retry }: { readonly retry: () => void }): ReactElement {
  const messages = useMessages();
  return (
    <div {...part("error")} role="alert">
      <p>{messages.failed}</p>
      <Button _name="retry" onClick={retry}>
        {messages.retry}
      </Button>
    </div>
  );
}
