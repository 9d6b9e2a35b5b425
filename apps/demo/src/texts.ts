/** The texts of the page, in English and French. Those of the components come with them. */

export interface Texts {
  readonly title: string;
  readonly intro: string;
  readonly you: (user: string) => string;
  readonly switchTo: (user: string) => string;
  readonly sending: string;
  readonly examples: Readonly<Record<Example, string>>;
  readonly to: string;
  readonly me: string;
  readonly storm: (count: number) => string;
  readonly terminal: string;
  readonly events: string;
  readonly eventsHint: string;
  readonly quiet: string;
  readonly api: string;
  readonly caughtUp: string;
  readonly mailbox: string;
  readonly mailboxHint: string;
  readonly noMail: string;
  readonly mailView: string;
  readonly mailViews: Readonly<Record<"html" | "text" | "source", string>>;
  readonly preferences: string;
  readonly preferencesHint: string;
  readonly code: string;
  readonly codeHint: string;
  readonly copy: string;
  readonly copied: string;
  readonly failed: string;
  readonly opened: (href: string) => string;
  readonly language: string;
  readonly theme: string;
  readonly themes: Readonly<Record<"auto" | "light" | "dark", string>>;
  readonly direction: string;
}

/** What the server sends on request. */
export const EXAMPLES = ["welcome", "invoice", "storage", "payment", "sign-in"] as const;
export type Example = (typeof EXAMPLES)[number];

const en: Texts = {
  title: "Ring the bell",
  intro:
    "Send a notification: it is on disk before the answer comes back, and in every open tab a moment later. Open a second tab and watch both agree.",
  you: (user) => `Signed in as ${user}`,
  switchTo: (user) => `Become ${user}`,
  sending: "Send one",
  examples: {
    welcome: "A comment",
    invoice: "An invoice",
    storage: "A warning",
    payment: "A failed payment",
    "sign-in": "A security notice",
  },
  to: "To",
  me: "me",
  storm: (count) => `A storm of ${count}`,
  terminal: "From a terminal",
  events: "Live events",
  eventsHint: "What this tab hears, the newest first.",
  quiet: "Nothing yet. Send something.",
  api: "The API",
  caughtUp: "caught up",
  mailbox: "Mailbox",
  mailboxHint:
    "Leave a notification unread for 5 seconds and the mail arrives; read it and it does not. Comments send none until you ask for it in the preferences. No mail leaves this machine.",
  noMail: "No mail yet.",
  mailView: "Show as",
  mailViews: { html: "Mail", text: "Text", source: "Source" },
  preferences: "Preferences",
  preferencesHint: "What reaches you, and how. Each switch is saved at once.",
  code: "Two lines in your application",
  codeHint: "Everything on this page comes from these components, or from the hook useNotifications().",
  copy: "Copy",
  copied: "Copied",
  failed: "It could not be sent. Is the service still running?",
  opened: (href) => `Your router would now open ${href}`,
  language: "Language",
  theme: "Theme",
  themes: { auto: "System", light: "Light", dark: "Dark" },
  direction: "Right to left",
};

const fr: Texts = {
  title: "Faites sonner le grelot",
  intro:
    "Envoyez une notification : elle est sur le disque avant que la réponse ne revienne, et un instant plus tard dans chaque onglet ouvert. Ouvrez un deuxième onglet et regardez-les s’accorder.",
  you: (user) => `Connecté en tant que ${user}`,
  switchTo: (user) => `Devenir ${user}`,
  sending: "En envoyer une",
  examples: {
    welcome: "Un commentaire",
    invoice: "Une facture",
    storage: "Un avertissement",
    payment: "Un paiement refusé",
    "sign-in": "Une alerte de sécurité",
  },
  to: "À",
  me: "moi",
  storm: (count) => `Une rafale de ${count}`,
  terminal: "Depuis un terminal",
  events: "Événements en direct",
  eventsHint: "Ce que cet onglet entend, le plus récent d’abord.",
  quiet: "Rien pour l’instant. Envoyez quelque chose.",
  api: "L’API",
  caughtUp: "rattrapé",
  mailbox: "Boîte aux lettres",
  mailboxHint:
    "Laissez une notification non lue pendant 5 secondes et l’e-mail arrive ; lisez-la et il n’arrive pas. Les commentaires n’en envoient pas tant que vous ne le demandez pas dans les préférences. Aucun e-mail ne quitte cette machine.",
  noMail: "Aucun e-mail pour l’instant.",
  mailView: "Afficher",
  mailViews: { html: "E-mail", text: "Texte", source: "Source" },
  preferences: "Préférences",
  preferencesHint: "Ce qui vous parvient, et comment. Chaque réglage est enregistré aussitôt.",
  code: "Deux lignes dans votre application",
  codeHint: "Tout ce que montre cette page vient de ces composants, ou du hook useNotifications().",
  copy: "Copier",
  copied: "Copié",
  failed: "L’envoi a échoué. Le service tourne-t-il encore ?",
  opened: (href) => `Votre routeur ouvrirait maintenant ${href}`,
  language: "Langue",
  theme: "Thème",
  themes: { auto: "Système", light: "Clair", dark: "Sombre" },
  direction: "De droite à gauche",
};

export const TEXTS = { en, fr } as const;
