import {
  CrmError,
  type DataOf,
  DictionaryEntryAdded,
  type DictionaryEntryChanges,
  type DictionaryEntryInput,
  DictionaryEntryRemoved,
  DictionaryEntryUpdated,
  type DictionaryEntryView,
  type DictionaryType,
  type NewEvent,
} from '#contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';

const RETIRE = 'Retire it instead: PATCH {"active": false} · 请改为停用:PATCH {"active": false}';

/** One value that people pick from a list (DIC-1). One that was removed stays as a row and is the same entry when it is added again. */
@Entity('dictionary_entry')
export class DictionaryEntry {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly type!: DictionaryType;
  @Column('text') readonly code!: string;
  @Column('int') readonly version!: number;
  @Column('text') readonly labelZh!: string;
  @Column('text') readonly labelEn!: string;
  @Column('int') readonly sortOrder!: number;
  @Column('text', { nullable: true }) readonly parent!: string | null;
  @Column('boolean') readonly active!: boolean;
  @Column('boolean') readonly editable!: boolean;
  /** A record of any service carries or carried it. */
  @Column('boolean') readonly used!: boolean;
  @Column('boolean') readonly removed!: boolean;

  static of(type: DictionaryType, code: string): DictionaryEntry {
    return Object.assign(new DictionaryEntry(), { id: v7(), type, code, version: 1, used: false });
  }

  /** New, or once more after it was removed. */
  add({ label, parent = null }: DictionaryEntryInput, order: number): NewEvent {
    Object.assign(this, { labelZh: label.zh, labelEn: label.en, sortOrder: order, parent });
    Object.assign(this, { active: true, editable: true, removed: false });
    return DictionaryEntryAdded.of(this.id, this.facts());
  }

  /** Undefined when it is so already. */
  change({ label, order, active, parent }: DictionaryEntryChanges): NewEvent | undefined {
    this.requireEditable();
    const before = JSON.stringify(this);
    const changes = { labelZh: label?.zh, labelEn: label?.en, sortOrder: order, active, parent };
    Object.assign(this, Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)));
    if (JSON.stringify(this) === before) return undefined;
    return DictionaryEntryUpdated.of(this.id, this.facts());
  }

  /** Only what nobody ever used and nothing lies below goes away (DIC-2). */
  remove(hasChildren: boolean): NewEvent {
    this.requireEditable();
    if (this.used || hasChildren) throw new CrmError('in-use', { instead: RETIRE });
    Object.assign(this, { active: false, removed: true });
    return DictionaryEntryRemoved.of(this.id, this.facts());
  }

  /** It was removed while a record of another service took it: in use is retired. */
  bringBack(): NewEvent {
    Object.assign(this, { removed: false });
    return DictionaryEntryUpdated.of(this.id, this.facts());
  }

  /** @param path the codes from the top down to this one */
  view(path: string[]): DictionaryEntryView {
    const { entryId: _, ...facts } = this.facts();
    return { ...facts, version: this.version, parent: this.parent, level: path.length, path };
  }

  private facts(): DataOf<typeof DictionaryEntryAdded> {
    return {
      entryId: this.id,
      type: this.type,
      code: this.code,
      label: { zh: this.labelZh, en: this.labelEn },
      order: this.sortOrder,
      active: this.active,
      editable: this.editable,
      parent: this.parent,
    };
  }

  private requireEditable(): void {
    if (!this.editable) throw new CrmError('not-editable', { dictionary: this.type, code: this.code });
  }
}
