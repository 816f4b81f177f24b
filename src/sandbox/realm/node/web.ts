import type { Define } from '../globals.ts';
import type { Libraries } from './libraries.ts';

/**
 * Globals that Node shares with browsers, those of packages made when they are first looked at; what needs a network is
 * refused by name. Turned into text (compose.ts): self-contained.
 */
export function defineWebGlobals(libraries: Libraries, define: Define): { url(): object } {
  /** A global whose package runs when it is first looked at. */
  function lazily(library: string, name: string): void {
    Object.defineProperty(globalThis, name, {
      get: () => libraries.need(library)[name],
      set: (value: unknown) => define(name, value),
      configurable: true,
    });
  }
  libraries.refine('url', refineUrls);
  lazily('url', 'URL');
  lazily('url', 'URLSearchParams');
  lazily('abort', 'AbortController');
  lazily('abort', 'AbortSignal');
  lazily('abort', 'EventTarget');
  define('Event', makeEvent());

  function refuse(name: string): void {
    define(name, () => {
      throw new Error(`${name} is not available: there is no network. Read the data from standard input.`);
    });
  }
  refuse('fetch');
  refuse('WebSocket');
  refuse('EventSource');
  refuse('XMLHttpRequest');

  /** What dispatchEvent takes. */
  function makeEvent(): unknown {
    return class Event {
      readonly type: string;
      readonly bubbles: boolean;
      readonly cancelable: boolean;
      defaultPrevented = false;
      constructor(type: unknown, { bubbles, cancelable }: { bubbles?: boolean; cancelable?: boolean } = {}) {
        this.type = String(type);
        this.bubbles = Boolean(bubbles);
        this.cancelable = Boolean(cancelable);
      }
      preventDefault(): void {
        this.defaultPrevented = this.cancelable;
      }
    };
  }

  interface Maker {
    prototype: object;
  }
  /** Node's code of the error, and how console.log shows URLs, whose members are accessors of the prototype. */
  function refineUrls(library: object): void {
    type Inspect = (value: unknown, options: object) => string;
    const { URL, URLSearchParams } = library as { URL: Maker; URLSearchParams: Maker };
    const withCode = new Proxy(URL, {
      construct(target, args: unknown[], maker): object {
        try {
          return Reflect.construct(target as never, args, maker) as object;
        } catch (error) {
          throw Object.assign(error as Error, { code: 'ERR_INVALID_URL', input: String(args[0]) });
        }
      },
    });
    Object.assign(library, { URL: withCode });
    Object.assign(URL.prototype, { constructor: withCode });
    const custom = Symbol.for('nodejs.util.inspect.custom');
    const names = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname'];
    Object.defineProperty(URL.prototype, custom, {
      value(this: object, _depth: number, options: object, inspect: Inspect) {
        const members = {};
        for (const name of [...names, 'search', 'searchParams', 'hash']) {
          Object.assign(members, { [name]: Reflect.get(this, name) as unknown });
        }
        return `URL ${inspect(members, options)}`;
      },
    });
    Object.defineProperty(URLSearchParams.prototype, custom, {
      value(this: Iterable<[string, string]>, _depth: number, options: object, inspect: Inspect) {
        const pairs = [...this].map(([name, value]) => `${inspect(name, options)} => ${inspect(value, options)}`);
        return pairs.length === 0 ? 'URLSearchParams {}' : `URLSearchParams { ${pairs.join(', ')} }`;
      },
    });
  }

  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  function invalid(): never {
    const error = new Error('The string contains characters that are not allowed here.');
    throw Object.assign(error, { name: 'InvalidCharacterError', code: 5 });
  }
  define('btoa', (value: unknown): string => {
    const text = String(value);
    let result = '';
    for (let index = 0; index < text.length; index += 3) {
      const units = [0, 1, 2].map((offset) => (index + offset < text.length ? text.charCodeAt(index + offset) : 0));
      if (units.some((unit) => unit > 255)) {
        invalid();
      }
      const bits = units.reduce((all, unit) => (all << 8) | unit, 0);
      const known = Math.min(3, text.length - index) + 1;
      for (let place = 0; place < 4; place += 1) {
        result += place < known ? digits.charAt((bits >> (18 - 6 * place)) & 63) : '=';
      }
    }
    return result;
  });
  define('atob', (value: unknown): string => {
    const packed = String(value).replace(/[\t\n\f\r ]/g, '');
    const text = packed.length % 4 === 0 ? packed.replace(/={1,2}$/, '') : packed;
    if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) {
      invalid();
    }
    let result = '';
    let bits = 0;
    let held = 0;
    for (const digit of text) {
      bits = ((bits << 6) | digits.indexOf(digit)) & 0xffff;
      held += 6;
      if (held >= 8) {
        held -= 8;
        result += String.fromCharCode((bits >> held) & 255);
      }
    }
    return result;
  });

  return { url: () => urlModule(libraries) };

  function urlModule({ need }: Libraries): object {
    const { URL, URLSearchParams } = need('url') as {
      URL: new (text: string) => { pathname: string; href: string };
      URLSearchParams: unknown;
    };
    return {
      URL,
      URLSearchParams,
      fileURLToPath: (url: string | { href: string }) =>
        decodeURIComponent(new URL(typeof url === 'string' ? url : url.href).pathname),
      pathToFileURL: (path: string) => new URL(`file://${encodeURI(path)}`),
    };
  }
}
