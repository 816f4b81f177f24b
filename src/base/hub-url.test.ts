import assert from 'node:assert/strict';
import { hubUrl } from './hub-url.ts';

describe('the address of the hub', () => {
  it('is the mirror that HF_ENDPOINT names, with or without a slash at its end, else the hub itself', () => {
    assert.equal(hubUrl({ HF_ENDPOINT: 'http://mirror/' }), 'http://mirror');
    assert.equal(hubUrl({ HF_ENDPOINT: 'http://mirror/hub' }), 'http://mirror/hub');
    assert.equal(hubUrl({ HF_ENDPOINT: ' ' }), 'https://huggingface.co');
    assert.equal(hubUrl({}), 'https://huggingface.co');
  });
});
