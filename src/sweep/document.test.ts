import assert from 'node:assert/strict';
import { withBlock } from './document.ts';

describe('the block of a sweep in a document', () => {
  it('stands at the end where the document has none, and begins a document that is empty', () => {
    assert.equal(
      withBlock('# Ours\n\nText.\n', 'a', 'table'),
      '# Ours\n\nText.\n\n## a\n\n<!-- sweep:a -->\n\ntable\n\n<!-- /sweep:a -->\n',
    );
    assert.equal(withBlock('', 'a', 'x'), '# Results\n\n## a\n\n<!-- sweep:a -->\n\nx\n\n<!-- /sweep:a -->\n');
  });

  it('takes the place of the earlier one and touches nothing else', () => {
    const others = '<!-- sweep:ab -->\n\nkept\n\n<!-- /sweep:ab -->';
    const before = `A\r\n\n<!-- sweep:a -->old<!-- /sweep:a -->\n \n${others}\nend`;
    const after = withBlock(before, 'a', 'new $& $1');
    assert.equal(after, `A\r\n\n<!-- sweep:a -->\n\nnew $& $1\n\n<!-- /sweep:a -->\n \n${others}\nend`);
    assert.equal(withBlock(after, 'a', 'new $& $1'), after);
  });

  it('overwrites nothing where the markers are not one pair', () => {
    for (const broken of [
      '<!-- sweep:a --> text',
      'text <!-- /sweep:a -->',
      '<!-- /sweep:a --> <!-- sweep:a -->',
      '<!-- sweep:a --> <!-- /sweep:a --> <!-- sweep:a --> <!-- /sweep:a -->',
    ]) {
      assert.throws(() => withBlock(broken, 'a', 'x'), /instead of one pair/, broken);
    }
  });
});
