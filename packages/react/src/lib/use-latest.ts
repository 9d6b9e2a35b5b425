"use client";
/** The newest value of a prop, for callbacks that outlive the render that made them. */
import { type RefObject, useInsertionEffect, useRef } from "react";

export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  // Before any other effect, so that those of children find it too.
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
