// A requester asks for a mailbox by the catalogue's own questions: the first minutes of docs/README.md.

import createClient from "openapi-fetch";

import type { paths } from "../build/contract";

declare const process: { env: Record<"API" | "REQUESTER", string> };
const { API, REQUESTER } = process.env;

const client = createClient<paths, "application/json" | "application/problem+json">({
  baseUrl: API,
  headers: { Authorization: `Bearer ${REQUESTER}`, Accept: "application/json" },
});
const { data, error } = await client.POST("/v1/requests", {
  body: {
    item: "mailbox",
    title: "A mailbox for orders",
    description: "Customers write to one of us.",
    channel: "portal",
    urgency: "3",
    answers: { name: "orders", why: "Orders of customers" },
  },
});
console.log(error ? `${error.code}: ${error.detail}` : `${data.number} ${data.state}`);
