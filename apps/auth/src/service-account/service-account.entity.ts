import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';

interface NewServiceAccount {
  readonly clientId: string;
  readonly name: string;
  readonly secretHash: string;
  readonly grants: readonly string[];
}

/** A machine that logs in with a client id and a secret, and has rights of its own (AUT-8). */
@Entity('service_account')
export class ServiceAccount {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly clientId!: string;
  @Column('text') readonly name!: string;
  @Column('text') readonly secretHash!: string;
  @Column('text', { array: true }) readonly grants!: string[];
  @Column('boolean') readonly active!: boolean;
  @Column('timestamptz') readonly createdAt!: Date;

  static create(account: NewServiceAccount): ServiceAccount {
    return Object.assign(new ServiceAccount(), account, { id: v7(), active: true, createdAt: new Date() });
  }
}
