import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { projectRoot } from './editor.ts';

const Manifest = z.object({
  contributes: z.object({
    walkthroughs: z.array(
      z.object({ steps: z.array(z.object({ media: z.object({ image: z.record(z.string(), z.string()) }) })) }),
    ),
  }),
});

describe('the walkthrough', () => {
  it('has every picture that it shows (made by scripts/pictures.mjs)', () => {
    const { contributes } = Manifest.parse(JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')));
    for (const { media } of contributes.walkthroughs.flatMap(({ steps }) => steps)) {
      const pictures = Object.entries(media.image).filter(([name]) => name !== 'altText');
      assert.ok(
        pictures.every(([, path]) => existsSync(join(projectRoot, path))),
        JSON.stringify(media),
      );
    }
  });
});
