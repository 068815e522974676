/** How wide text is in the monospaced fonts that pictures ask for, and how it is broken into lines. */

/** Fonts whose characters are at most {@link widthPerSize} wide, on every system. */
export const fontFamily = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** Width of a character by the size of its font: 0.602 in Menlo and DejaVu, 0.6 in SF Mono, 0.55 in Consolas. */
const widthPerSize = 0.61;

/** From here on are the scripts whose characters take two columns: Hangul Jamo, CJK, Hangul, and beyond. */
const firstWide = 0x11_00;

/** The width of text in px at a font's size in px. Never less than what is drawn. */
export const textWidth = (text: string, size: number): number => columns(text) * widthPerSize * size;

const columns = (text: string): number =>
  [...text].reduce((sum, character) => sum + ((character.codePointAt(0) ?? 0) < firstWide ? 1 : 2), 0);

/**
 * Text in lines of at most `most` columns, broken at spaces; a longer word is broken anywhere. At least one line.
 * @throws RangeError where `most` is less than 2, the width of one character.
 */
export const wrapText = (text: string, most: number): readonly string[] => {
  if (most < 2) throw new RangeError(`a line of ${most} columns holds no character`);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).flatMap((whole) => pieces(whole, most))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (columns(longer) > most) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
};

const pieces = (word: string, most: number): readonly string[] => {
  const found: string[] = [];
  let piece = "";
  for (const character of word) {
    if (columns(piece + character) > most) {
      found.push(piece);
      piece = "";
    }
    piece += character;
  }
  return [...found, piece];
};
