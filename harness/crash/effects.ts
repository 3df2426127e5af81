// What each operation does to inodes and directory entries: the words that every crash variant is told in.
import type { Attributes, Birth, FileTree } from "./tree.ts";
import { allocated, resized, written } from "./content.ts";

/** One directory entry after the change; null: nothing of that name. */
export interface Entry {
  readonly directory: number;
  readonly name: string;
  readonly inode: number | null;
}

export type Effect =
  | { readonly kind: "birth"; readonly inode: number; readonly birth: Birth }
  /** Entries that change together or not at all. */
  | { readonly kind: "entries"; readonly entries: readonly Entry[] }
  | { readonly kind: "write"; readonly inode: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "resize"; readonly inode: number; readonly size: number }
  | { readonly kind: "allocate"; readonly inode: number; readonly mode: number; readonly offset: number; readonly size: number }
  | { readonly kind: "attributes"; readonly inode: number; readonly attributes: Attributes }
  /** Times or extended attributes: nothing that a tree shows, but something that an fsync has to write. */
  | { readonly kind: "touch"; readonly inode: number }
  | { readonly kind: "sync"; readonly inode: number; readonly dataOnly: boolean }
  | { readonly kind: "sync-all" }
  /** ext4 starts to write the data of a file that replaced another one, or was rewritten from nothing. */
  | { readonly kind: "flush"; readonly inode: number };

/** Carries out an effect as a running system sees it, where a sync changes nothing. */
export function perform(tree: FileTree, effect: Effect): void {
  switch (effect.kind) {
    case "birth":
      return tree.add(effect.inode, effect.birth);
    case "entries":
      return enterAll(tree, effect.entries);
    case "write":
      return tree.setContent(effect.inode, written(tree.inode(effect.inode).content, effect.offset, effect.bytes));
    case "resize":
      return tree.setContent(effect.inode, resized(tree.inode(effect.inode).content, effect.size));
    case "allocate":
      return tree.setContent(effect.inode, allocated(tree.inode(effect.inode).content, effect));
    case "attributes":
      return tree.setAttributes(effect.inode, effect.attributes);
    case "touch":
    case "sync":
    case "sync-all":
    case "flush":
      return undefined;
    default:
      return effect satisfies never;
  }
}

/** Names are taken away first: of two directories that exchange their places each must be free. */
export function enterAll(tree: FileTree, entries: readonly Entry[]): void {
  for (const { directory, name } of entries) tree.enter(directory, name, null);
  for (const { directory, name, inode } of entries) if (inode !== null) tree.enter(directory, name, inode);
}
