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
import { CROSS, Icon } from "./icon.js";
import type { ToasterProps } from "./toaster.js";

/** Pixels after which a swipe means it. */
const FAR = 80;
/** In which the time passes, beginning anew whenever it is held. */
const STEPS = 5;

interface ToastViewProps {
  readonly _toast: Toast;
  /** Milliseconds until it goes; 0 if it stays. */
  readonly _stay: number;
  /** Somebody is at it, or nobody can see it. */
  readonly _held: () => boolean;
  readonly _close: () => void;
  readonly _render: ToasterProps["renderToast"];
}

export function ToastView({
  _toast: toast,
  _stay: stay,
  _held: held,
  _close: close,
  _render: render,
}: ToastViewProps): ReactElement {
  const { _client: client, _onNavigate: onNavigate } = useShared();
  const messages = useMessages();
  const latest = useLatest({ close, held });
  const from = useRef<number | undefined>(undefined);
  const { type, count, at, notification } = toast;

  // biome-ignore lint/correctness/useExhaustiveDependencies(at): one that counts stays as long after its newest as any other
  useEffect(() => {
    let left = STEPS;
    const step = (): void => {
      if (latest.current.held()) left = STEPS;
      else if (!--left) latest.current.close();
    };
    const timer = stay && setInterval(step, stay / STEPS);
    return () => clearInterval(timer);
  }, [stay, latest, at]);

  const swipe = ({ currentTarget, type, clientX }: PointerEvent<HTMLElement>): void => {
    if (type === "pointerdown") from.current = clientX;
    const way = clientX - (from.current ?? clientX);
    const moves = type === "pointermove";
    if (type === "pointerup" && Math.abs(way) > FAR) close();
    if (!moves && type !== "pointerdown") from.current = undefined;
    currentTarget.style.translate = moves && way ? `${way}px` : "";
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
          <Button _name="toast-close" _label={messages.close} onClick={close}>
            <Icon d={CROSS} />
          </Button>
        </>
      )}
    </div>
  );
}
