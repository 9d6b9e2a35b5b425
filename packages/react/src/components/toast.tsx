"use client";
/** One toast: what it says, where it leads, and how it goes: by itself, by its button, or swiped away. */
import { type PointerEvent, type ReactElement, useEffect, useRef } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { follow } from "../lib/link.js";
import { part, typed } from "../lib/part.js";
import type { Toast } from "../lib/toasts.js";
import { useLatest } from "../lib/use-latest.js";
import { useShared } from "../provider.js";
import { Button } from "./button.js";
import { Content } from "./content.js";
import { Icon } from "./icon.js";
import type { ToasterProps } from "./toaster.js";

/** Pixels after which a swipe means it. */
const FAR = 80;

interface ToastViewProps {
  readonly _toast: Toast;
  /** Milliseconds from now until it goes; absent while it stays. */
  readonly _stay: number | undefined;
  readonly _close: () => void;
  readonly _render: ToasterProps["renderToast"];
}

export function ToastView({
  _toast: toast,
  _stay: stay,
  _close: close,
  _render: render,
}: ToastViewProps): ReactElement {
  const { _client: client, _onNavigate: onNavigate } = useShared();
  const messages = useMessages();
  const closing = useLatest(close);
  const from = useRef<number | undefined>(undefined);
  const { type, count, at, notification } = toast;

  // biome-ignore lint/correctness/useExhaustiveDependencies(at): one that counts stays as long after its newest as any other
  useEffect(() => {
    const timer = stay === undefined ? undefined : setTimeout(() => closing.current(), stay);
    return () => clearTimeout(timer);
  }, [stay, closing, at]);

  const swipe = ({ type, clientX, currentTarget }: PointerEvent<HTMLElement>): void => {
    const { style } = currentTarget;
    const way = clientX - (from.current ?? clientX);
    if (type === "pointerdown") from.current = clientX;
    else if (type === "pointermove") {
      if (from.current === undefined) return;
      style.translate = `${way}px`;
    } else {
      from.current = undefined;
      if (type === "pointerup" && Math.abs(way) > FAR) close();
      else style.translate = "";
    }
  };

  const one = count < 2 ? notification : undefined;
  return (
    <div
      {...part("toast")}
      data-id={notification?.id}
      {...typed(type)}
      data-count={count}
      onPointerDown={swipe}
      onPointerMove={swipe}
      onPointerUp={swipe}
      onPointerLeave={swipe}
      onPointerCancel={swipe}
    >
      {render?.(toast, close) ?? (
        <>
          <Content
            type={type}
            title={one?.title ?? messages.summary(count)}
            body={one ? one.body : notification?.title}
            link={one?.link}
            _onOpen={(event) => {
              if (!one) return;
              client.markAsRead(one.id).catch(() => {});
              follow(event, one, onNavigate);
              close();
            }}
          />
          <Button name="toast-close" _label={messages.close} onClick={close}>
            <Icon name="cross" />
          </Button>
        </>
      )}
    </div>
  );
}
