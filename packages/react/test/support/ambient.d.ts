/** What the tests find around them: style sheets, imported for their effect alone, and what the run says of itself. */
declare module "*.css";

interface ImportMeta {
  readonly env: Readonly<Record<string, string>>;
}
