"""What people read: findings, tables, pages."""
