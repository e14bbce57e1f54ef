// Asks Concierge who is behind a request, for whatever must notice a sign-out at once.

/** A function from an `Authorization` header to the account, or to `null` when nobody is signed in. */
export function asker(origin) {
  const question = new URL("/api/auth/session", origin);
  return async (authorization = "") => {
    const answer = await fetch(question, {
      headers: { authorization },
      redirect: "error",
      signal: AbortSignal.timeout(5_000),
    });
    // No answer is no permission.
    if (!answer.ok) throw new Error(`Concierge answered ${answer.status}`);
    const session = await answer.json();
    return session.signed_in ? session.account : null;
  };
}
