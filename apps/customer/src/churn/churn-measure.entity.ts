import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';

/** What somebody did to keep a customer (暂缓措施). */
@Entity('churn_measure')
export class ChurnMeasure {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid') readonly alertId!: string;
  @Column('date') readonly date!: string;
  @Column('text') readonly measure!: string;
  @Column('uuid') readonly authorId!: string;

  static of(fields: Omit<ChurnMeasure, 'id'>): ChurnMeasure {
    return Object.assign(new ChurnMeasure(), fields, { id: v7() });
  }
}
