/** Short texts into a buffer, character by character: half of what a call of the buffer's own takes, which leaves JavaScript. */

/** Writes a text of Latin-1, which there must be room for; answers where it ends. */
export const putLatin1 = (target: Buffer, start: number, text: string): number => {
  for (let at = 0; at < text.length; at++) target[start + at] = text.charCodeAt(at);
  return start + text.length;
};
