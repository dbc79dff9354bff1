import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';
import { type Bilingual, RoleCreated, type SeededRole } from '#contracts';

/** The role that may do everything; only its holders give it on. */
export const SUPER_ADMIN = 'super_admin';

/** A set of rights with a name. Users hold roles by code. */
@Entity('role')
export class Role {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly code!: string;
  @Column('jsonb') readonly name!: Bilingual;
  @Column('jsonb') readonly description!: Bilingual;
  /** Such as `customer.read` or `customer.update:own`. */
  @Column('text', { array: true }) readonly grants!: string[];
  @Column('int') readonly version!: number;
  @Column('timestamptz') readonly createdAt!: Date;

  static seed({ code, name, description, grants }: SeededRole): Role {
    return Object.assign(new Role(), {
      id: v7(),
      code,
      name,
      description,
      grants: [...grants],
      version: 1,
      createdAt: new Date(),
    });
  }

  created() {
    const { id, code, name, grants } = this;
    return RoleCreated.of(id, { roleId: id, code, name, grants });
  }
}
