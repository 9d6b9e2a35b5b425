"use client";
/** A button of the components: a part by name, and what it does in words where it shows only a drawing. */
import type { ButtonHTMLAttributes, ReactElement } from "react";
import { part } from "../lib/part.js";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly _name: string;
  /** Its name where it has no text; `of` says of what. */
  readonly _label?: string;
  readonly _of?: string;
}

export function Button({ _name: name, _label: label, _of: of, ...rest }: ButtonProps): ReactElement {
  return <button type="button" {...part(name)} title={label} aria-label={of ? `${label}: ${of}` : label} {...rest} />;
}
