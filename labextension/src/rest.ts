/** The plain requests of the page, with the server's own words when it refuses. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** Why a request was refused, and what to do. */
export class RequestRefused extends Error {
  constructor(
    message: string,
    readonly hint = ''
  ) {
    super(message);
  }

  get line(): string {
    return this.hint ? `${this.message} ${this.hint}` : this.message;
  }
}

/** Requests to `/jupyter-spark/…`, with the token and the cross-site cookie that the server asks for. */
export class SparkRest {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  async get<T>(path: string, query: Record<string, string> = {}): Promise<T> {
    return (await (await this._call('GET', path + URLExt.objectToQueryString(query))).json()) as T;
  }

  async text(path: string): Promise<string> {
    return (await this._call('GET', path)).text();
  }

  async put<T>(path: string, body: unknown): Promise<T> {
    return (await (await this._call('PUT', path, body)).json()) as T;
  }

  async post(path: string): Promise<void> {
    await this._call('POST', path, {});
  }

  async ask<T>(path: string, body: unknown): Promise<T> {
    return (await (await this._call('POST', path, body)).json()) as T;
  }

  private async _call(method: string, path: string, body?: unknown): Promise<Response> {
    const url = URLExt.join(this._settings.baseUrl, 'jupyter-spark', path);
    const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const reply = await ServerConnection.makeRequest(url, init, this._settings);
    if (!reply.ok) {
      let why: { message?: string; hint?: string } = {};
      try {
        why = (await reply.json()) as typeof why;
      } catch {
        // Not ours: a proxy's page, or none.
      }
      throw new RequestRefused(why.message ?? `${reply.status} ${reply.statusText}`, why.hint);
    }
    return reply;
  }
}

/** An error in one line. */
export function lineOf(error: unknown): string {
  return error instanceof RequestRefused ? error.line : error instanceof Error ? error.message : String(error);
}
