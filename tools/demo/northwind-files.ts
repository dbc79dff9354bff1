import { parse } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Line = Record<string, string>;

/** The sample company as the API takes it: customers with a contact, and the three feeds of its sales system. */
export interface Northwind {
  customers: Array<{
    customer: object & { externalRef: string };
    contact: { name: string; position?: string; isPrimary: true };
  }>;
  products: object[];
  stock: object[];
  orders: object[];
}

const VERSION = 1;
const optional = (value: string | undefined): string | undefined => value || undefined;

/** Reads the files in `folder` (see its README for where they come from). */
export function readNorthwind(folder: string): Northwind {
  const read = (name: string): Line[] => parse(readFileSync(join(folder, `${name}.csv`)), { columns: true });
  const categories = new Map(read('categories').map((line) => [line.categoryID, line.categoryName]));
  const products = read('products');
  const linesOf = new Map<string, Line[]>();
  for (const line of read('order-details')) linesOf.set(line.orderID!, [...(linesOf.get(line.orderID!) ?? []), line]);
  return {
    customers: read('customers').map((line) => ({
      customer: {
        name: line.companyName,
        externalRef: line.customerID!,
        region: line.country!.toLowerCase(),
        address: [line.address, line.city, line.region, line.country].filter(Boolean).join(', '),
        postcode: optional(line.postalCode),
        phone: optional(line.phone),
        fax: optional(line.fax),
      },
      contact: { name: line.contactName!, position: optional(line.contactTitle), isPrimary: true },
    })),
    products: products.map((line) => ({
      key: line.productID,
      version: VERSION,
      name: line.productName,
      type: categories.get(line.categoryID),
      unit: line.quantityPerUnit,
      price: line.unitPrice,
      currency: 'USD',
    })),
    stock: products.map((line) => ({
      key: line.productID,
      version: VERSION,
      productKey: line.productID,
      warehouse: 'main',
      quantity: Number(line.unitsInStock),
    })),
    orders: read('orders').map((line) => ({
      key: line.orderID,
      version: VERSION,
      customerRef: line.customerID,
      date: line.orderDate,
      address: [line.shipAddress, line.shipCity, line.shipRegion, line.shipPostalCode, line.shipCountry]
        .filter(Boolean)
        .join(', '),
      status: 'paid',
      currency: 'USD',
      lines: linesOf.get(line.orderID!)!.map((item) => ({
        productKey: item.productID,
        quantity: Number(item.quantity),
        unitPrice: item.unitPrice,
        discount: Number(item.discount),
      })),
    })),
  };
}
