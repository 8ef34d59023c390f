// A list of tickets with the buttons that are open to whoever looks: what a frontend does with the contract.
// Its types are generated from the contract, so that it is compiled only while the contract holds.

import createClient from "openapi-fetch";

import type { components, paths } from "../build/contract";

type Incident = components["schemas"]["IncidentOut"];
// A ticket as a list shows it: what can be done with it is named, if that was asked for.
type IncidentItem = components["schemas"]["IncidentItem"];
// A line of a list needs little of a ticket, and asks for no more: these fields, and those always there.
type Glance = Pick<IncidentItem, "id" | "version" | "number" | "title" | "state">;
type IncidentState = components["schemas"]["IncidentState"];
type Problem = components["schemas"]["ProblemDocument"];

// Who asks for JSON gets whole records; records with a few fields have a media type of their own.
type Json = "application/json" | "application/problem+json";
const PARTIAL = "application/vnd.ledgerdesk.partial+json";

/** What was refused, as the API says it. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }

  /** What can be done instead, where the state forbids it. */
  get allowed(): readonly string[] {
    return this.problem.allowed_actions ?? [];
  }

  /** What is wrong with a field of a form, by its JSON Pointer. */
  get fields(): ReadonlyMap<string, string> {
    return new Map((this.problem.errors ?? []).map((fault) => [fault.pointer ?? "", fault.message]));
  }
}

export class Tickets {
  private readonly client;
  private readonly glancing;

  constructor(baseUrl: string, key: string, language: "en" | "zh") {
    const headers = { Authorization: `Bearer ${key}`, "Accept-Language": language };
    this.client = createClient<paths, Json>({ baseUrl, headers: { ...headers, Accept: "application/json" } });
    this.glancing = createClient<paths, typeof PARTIAL | "application/problem+json">({
      baseUrl,
      headers: { ...headers, Accept: PARTIAL },
    });
  }

  /** What stands on the buttons, by the names of actions: the same for all tickets, so it is asked for once. */
  async labels(): Promise<ReadonlyMap<string, string>> {
    const { data, error } = await this.client.GET("/v1/meta");
    if (error) throw new Refused(error);
    const incidents = data.lifecycles.find((lifecycle) => lifecycle.kind === "incident");
    return new Map((incidents?.actions ?? []).map((action) => [action.action, action.label]));
  }

  /** All tickets in these states, page by page. */
  async *in(states: IncidentState[]): AsyncGenerator<IncidentItem> {
    let cursor: string | null = null;
    do {
      const query: { state: IncidentState[]; include: "actions"[]; limit: number; cursor?: string } = {
        state: states,
        include: ["actions"],
        limit: 50,
      };
      if (cursor !== null) query.cursor = cursor;
      // Several values of one parameter are sent with commas.
      const { data, error } = await this.client.GET("/v1/incidents", {
        params: { query },
        querySerializer: { array: { style: "form", explode: false } },
      });
      if (error) throw new Refused(error);
      yield* data.items;
      cursor = data.next_cursor;
    } while (cursor !== null);
  }

  /** The newest tickets with a few fields, which come as a media type of their own. */
  async newest(limit: number): Promise<Glance[]> {
    const { data, error } = await this.glancing.GET("/v1/incidents", {
      params: { query: { fields: ["title", "state"], limit } },
      querySerializer: { array: { style: "form", explode: false } },
    });
    if (error) throw new Refused(error);
    return data.items as Glance[];
  }

  /** Resolves it, unless somebody else has changed it since it was read. Sent twice it is done once. */
  async resolve(seen: Incident | IncidentItem, done: string, once: string): Promise<Incident> {
    const { data, error } = await this.client.POST("/v1/incidents/{id}/resolve", {
      params: {
        path: { id: seen.number },
        header: { "if-match": `"${seen.version}"`, "Idempotency-Key": once },
      },
      body: { resolution_code: "fixed", done },
    });
    if (error) throw new Refused(error);
    return data;
  }
}

/** A line of the list, with the buttons that are open to whoever looks. */
export function line(ticket: IncidentItem, labels: ReadonlyMap<string, string>): string {
  const buttons = (ticket.actions ?? []).map((name) => `[${labels.get(name) ?? name}]`).join(" ");
  return `${ticket.number} ${ticket.priority ?? "-"} ${ticket.title ?? ""} ${ticket.team?.name ?? "-"} ${buttons}`;
}
