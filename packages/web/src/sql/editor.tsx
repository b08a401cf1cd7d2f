import { useEffect, useRef, type ReactNode } from 'react';
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completeFromList,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { sql, StandardSQL } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import {
  Compartment,
  EditorState,
  Prec,
  StateEffect,
  StateField,
  type Extension,
} from '@codemirror/state';
import {
  Decoration,
  EditorView,
  keymap,
  lineNumbers,
  placeholder,
  type DecorationSet,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { SqlSchema } from '@plimsoll/model/api';

interface EditorProps {
  value: string;
  onChange: (value: string) => void;
  onRun: () => void;
  schema: SqlSchema | undefined;
  /** Where the last query failed, as a position in the text; null without. */
  errorAt: number | null;
}

const setErrorAt = StateEffect.define<number | null>();
const errorMark = Decoration.mark({ class: 'cm-sql-error' });

/** Underlines the word at the position that the server named, until the text is changed. */
const errorField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(setErrorAt)) continue;
      if (effect.value === null || transaction.state.doc.length === 0) return Decoration.none;
      const from = Math.min(Math.max(effect.value, 0), transaction.state.doc.length - 1);
      const word = transaction.state.wordAt(from);
      return Decoration.set([errorMark.range(word?.from ?? from, word?.to ?? from + 1)]);
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const look = EditorView.theme({
  '&': { fontSize: '13px', height: '100%', backgroundColor: 'transparent', color: 'var(--text)' },
  '.cm-content': {
    fontFamily: "'JetBrains Mono Variable', monospace",
    padding: '10px 0',
    caretColor: 'var(--text)',
  },
  '.cm-gutters': {
    backgroundColor: 'transparent',
    border: 'none',
    color: 'var(--text-3)',
    fontFamily: "'JetBrains Mono Variable', monospace",
  },
  '&.cm-focused': { outline: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground':
    {
      backgroundColor: 'color-mix(in srgb, var(--focus) 24%, transparent)',
    },
  '.cm-matchingBracket': { backgroundColor: 'var(--accent-soft) !important', outline: 'none' },
  '.cm-sql-error': { textDecoration: 'underline wavy var(--over)', textUnderlineOffset: '4px' },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    border: '1px solid var(--line-strong)',
    borderRadius: '8px',
    color: 'var(--text)',
    overflow: 'hidden',
  },
  '.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px !important' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--selected)',
    color: 'var(--text)',
  },
  '.cm-completionDetail': { color: 'var(--text-3)', fontStyle: 'normal' },
});

/** One accent in several weights: the four other colours of the page mean states. */
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--accent)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--water-deep)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--water-deep)' },
  { tag: [tags.lineComment, tags.blockComment], color: 'var(--text-3)', fontStyle: 'italic' },
]);

export function SqlEditor(props: EditorProps): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const language = useRef(new Compartment());
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  useEffect(() => {
    if (host.current === null) return undefined;
    const run = (): boolean => {
      latest.current.onRun();
      return true;
    };
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          Prec.highest(
            keymap.of([
              { key: 'Mod-Enter', run },
              { key: 'Ctrl-Enter', run },
            ]),
          ),
          lineNumbers(),
          history(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          keymap.of([
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...historyKeymap,
            ...completionKeymap,
            indentWithTab,
          ]),
          language.current.of(sqlLanguage(latest.current.schema)),
          syntaxHighlighting(colours),
          errorField,
          placeholder('SELECT … FROM logs'),
          EditorView.contentAttributes.of({ 'aria-label': 'SQL query' }),
          look,
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    made.focus();
    return () => {
      made.destroy();
      view.current = null;
    };
  }, []);
  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === props.value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.value } });
  }, [props.value]);
  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(sqlLanguage(props.schema)) });
  }, [props.schema]);
  useEffect(() => {
    view.current?.dispatch({ effects: setErrorAt.of(props.errorAt) });
  }, [props.errorAt]);
  return <div className="sql-editor" ref={host} />;
}

/** Tables, columns and functions are completed from what the server has. */
function sqlLanguage(schema: SqlSchema | undefined): Extension {
  const tables = Object.fromEntries(
    (schema?.tables ?? []).map((table) => [
      table.name,
      table.columns.map((column) => ({
        label: column.name,
        detail: column.type,
        type: 'property',
      })),
    ]),
  );
  const functions = (schema?.functions ?? []).map((name) => ({
    label: name,
    type: 'function',
    apply: `${name}(`,
  }));
  return [
    sql({ dialect: StandardSQL, schema: tables, upperCaseKeywords: true }),
    StandardSQL.language.data.of({ autocomplete: completeFromList(functions) }),
  ];
}
