//! Who is connected, and what each stream is sent.
