import assert from 'node:assert/strict';
import { compileChatTemplate, templateProblem } from './chat-template.ts';

const messages = [{ role: 'user', content: ' hi\n' }];

function render(source: string): string {
  return compileChatTemplate(source, { bosToken: '<s>', eosToken: undefined })(messages);
}

describe('a chat template', () => {
  it('has line feeds alone, whatever ends its lines', () => {
    assert.equal(render('{% for m in messages %}\r\na\r\nb\r{% endfor %}\r\n'), 'a\nb\n');
    assert.equal(render("{{ 'x\r\ny' }}"), 'x\ny');
  });

  it('finds no tools, both where it asks for none and where it asks whether they are defined', () => {
    const template =
      "{%- if tools is not none %}{{- 'TOOLS:' }}{%- for t in tools %}{{- t }}{%- endfor %}{%- endif %}" +
      '{%- if not tools is defined %}undefined{% endif %}{% if tools %}some{% endif %}{{- messages[0].content | trim }}';
    assert.equal(render(template), 'hi');
  });

  // Each text is what Jinja2 3.1 renders.
  for (const [name, source, text] of [
    ['strips characters', "{{ 'xxaxx'.strip('x') }} {{ 'xyax'.lstrip('yx') }} {{ 'ab--'.rstrip('-') }}", 'a ax ab'],
    [
      'strips line feeds alone',
      "[{{ '\\n a \\n'.strip('\\n') }}][{{ messages[0].content.rstrip('\\n') }}]",
      '[ a ][ hi]',
    ],
    [
      'strips white space',
      "[{{ messages[0].content.strip() }}][{{ '  a '.lstrip() }}][{{ none | trim if false }}]",
      '[hi][a ][]',
    ],
    ['trims characters', "{{ '--a--' | trim('-') }}", 'a'],
    [
      'keeps what stands before a break',
      '{% for i in range(5) %}{{ i }}{% if i == 2 %}!{% break %}{% endif %},{% endfor %}',
      '0,1,2!',
    ],
    [
      'keeps what stands before a continue',
      '{% for i in range(4) %}{{ i }}{% if i % 2 %}{% continue %}{% endif %};{% endfor %}',
      '0;12;3',
    ],
    [
      'breaks the inner loop alone',
      '{% for i in [1,2,3] %}{% for j in [1,2,3] %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}' +
        '{% if i == 2 %}{% break %}{% else %}; {% endif %}{% endfor %}',
      '11 ; 21 ',
    ],
    ['renders else where no turn was completed', '{% for i in [1] %}{% break %}{% else %}none{% endfor %}', 'none'],
    [
      'renders no else after a turn',
      '{% for i in [1, 2] %}{% if i == 2 %}{% break %}{% endif %}{% else %}none{% endfor %}',
      '',
    ],
    ['renders else without a turn', '{% for i in [] %}{% break %}{% else %}none{% endfor %}', 'none'],
    ['compares mappings', "{% if {'a': 1, 'b': [2]} == {'b': [2], 'a': 1} %}same{% endif %}", 'same'],
    ['compares lists', '{% if [1, [2]] != [1, [3]] %}other{% endif %}', 'other'],
    ['compares values of other types', "{% if 1 == '1' or none == nothing %}same{% else %}other{% endif %}", 'other'],
    ['compares truth with numbers', '{% if true == 1 and 1.0 == 1 %}same{% endif %}', 'same'],
    ['makes ranges', '{{ range(3) | join }} {{ range(2, 5) | join }} {{ range(5, 0, -2) | join }}', '012 234 531'],
  ] as const) {
    it(`${name} as Jinja does`, () => {
      assert.equal(render(source), text);
    });
  }

  it('is stopped when it does not end, and makes no list without bounds', () => {
    const before = process.cpuUsage();
    const endless = '{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}';
    assert.throws(
      () => render(endless),
      (error) => templateProblem(error) === 'it does not end',
    );
    assert.throws(() => render('{{ range(100000000) | length }}'), /more than 100000 numbers/);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 30e6, 'took more than 30 seconds of the processor');
  }).timeout(120_000);
});
